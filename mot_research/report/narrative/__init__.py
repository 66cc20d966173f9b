"""What documents, notebooks and the terminal say: every sentence, table and word of them.

A language is added here, and in the headings of `reports/`.
"""
