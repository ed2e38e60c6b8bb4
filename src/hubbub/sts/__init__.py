"""AWS STS: who am I, and temporary credentials for somebody else."""

from hubbub.sts.service import Sts

__all__ = ["Sts"]
