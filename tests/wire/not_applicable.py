"""Conformance cases that are not run, each with its reason."""

NOT_APPLICABLE = {
    "RestJsonMalformedPatternReDOSString": (
        "its pattern backtracks without end in Python's re, as the data itself says; a test makes"
        " sure that no pattern of the models in use does"
    ),
}
