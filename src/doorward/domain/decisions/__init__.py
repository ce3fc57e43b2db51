"""Who is calling, and may they: the one path by which every door decides."""

from doorward.domain.decisions.catalogue import Catalogue
from doorward.domain.decisions.flow import decide, permissions_of

__all__ = ["Catalogue", "decide", "permissions_of"]
