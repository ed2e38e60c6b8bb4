"""Who is calling: access keys, temporary credentials, and the keys that seal what is secret.

`hubbub.access.opening.open_access` gives a server all of it. `root_key` alone is here because the
command line wants it without a database.
"""

from hubbub.access.root import RootKey, root_key

__all__ = ["RootKey", "root_key"]
