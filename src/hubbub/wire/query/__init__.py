"""The query protocol: a form with an ``Action`` in, XML out. It knows no service either."""
