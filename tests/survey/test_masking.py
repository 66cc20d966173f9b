"""What is masked in free text, and what must stay."""

import pytest

from mot_research.survey.masking import OWN, mask

MASKED = {
    "Write to anna.b+x@mail.example.co.uk, please.": "Write to [e-mail], please.",
    "See https://example.com/a?b=c and www.example.org/x.": "See [link] and [link].",
    "To DE89 3704 0044 0532 0130 00 please": "To [account number] please",
    "to de89370400440532013000.": "to [account number].",
    "GB82 WEST 1234 5698 7654 32 is mine": "[account number] is mine",
    "NO93 8601 1117 947": "[account number]",
    "Card 4111 1111 1111 1111 was charged": "Card [card number] was charged",
    "amex 378282246310005!": "amex [card number]!",
    "4111-1111-1111-1111": "[card number]",
    "Call +49 (0)30 123456-78 now": "Call [phone] now",
    "call 0150 555 1234.": "call [phone].",
    "030/1234567": "[phone]",
    "0044 20 7946 0958": "[phone]",
    "(415) 555-0134 or 415-555-0134": "[phone] or [phone]",
    "I live at SW1A 1AA in London": "I live at [postcode] in London",
    "10115 Berlin": "[postcode] Berlin",
    "D-10115": "[postcode]",
    "San Francisco CA 94110": "San Francisco [postcode]",
    "1012 AB Amsterdam": "[postcode] Amsterdam",
}
KEPT = (
    "I paid 129.99 EUR, not 1,299.00 or 20 000.",
    "Order 4111 1111 1111 1112 never came",  # fails Luhn
    "Order number 1234567890123456789012",
    "Order 20260131-0042 and invoice 1234567",
    "On 01.02.2026 and 2026-03-01 at 08:30, on 3/4/26",
    "Booking QR12 ABCD EFGH 1234 5678",  # fails mod 97
    "It took 4 attempts, 24 hours and 100 % of my patience",
    "Gate G93, Terminal 1, flight LH 1234",
    "A 5G plan with A4 5GB of data",
    "Back in 2024 I had 10000 points",
    "Ticket #123456",
    "@harbour is great",
    "0.99 a minute, 0,5 points, 007",
    "I waited 20 minutes 3 times",
)


@pytest.mark.parametrize(("text", "expected"), MASKED.items())
def test_personal_data_are_masked(text, expected):
    assert mask(text) == expected


@pytest.mark.parametrize("text", KEPT)
def test_prices_dates_and_order_numbers_stay(text):
    assert mask(text) == text


def test_the_values_of_the_respondents_own_row_are_masked_as_whole_words():
    own = ("C100060", "Anna Schmidt-Öz", "Ann", "Long Street 5")
    text = "C100060 here, ANNA SCHMIDT-ÖZ. Anna told Ann about annual plans in Long Street 5."
    expected = f"{OWN} here, {OWN}. {OWN} told {OWN} about annual plans in {OWN}."
    assert mask(text, own) == expected


def test_a_short_code_and_a_long_sentence_of_the_own_row_mask_nothing():
    text = "I am on plan A, and it is all that I have wanted from you"
    assert mask(text, ("A", "on", "it is all that I have wanted")) == text


def test_masking_again_changes_nothing():
    for text in (*MASKED, *KEPT):
        assert mask(mask(text)) == mask(text)


def test_a_hostile_text_takes_no_time():
    """Long runs of what each pattern begins with: none of them backtracks without end."""
    for piece in ("1 ", "a", "DE89 ", "0", "(", "+1-", "x@", "http://", "A1"):
        mask(piece * 5000, own=("x" * 50,))
