"""Who asks, and whether they may: signatures, principals, policies.

moto has such a check of its own. It takes deactivated keys, ignores most conditions,
takes a condition that does not hold for a denial, and leaves lists and batch deletions
out; so it stays off, and this one decides before moto is asked.
"""

from localcloud.s3.access.asked import Asked
from localcloud.s3.access.gate import Access

__all__ = ["Access", "Asked"]
