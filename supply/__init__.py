"""What the project is made of besides its own code: a bill of materials, licences, known holes."""
