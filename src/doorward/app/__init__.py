"""How doorward is put together: from Settings to a World of real parts, and to the ASGI application with its jobs.

Every command and every face begins here: `open_world` for what works on the database, `open_guard` for an API that only
guards, `build` for a server.
"""

from doorward.app.authorize import guard
from doorward.app.server import API, Application, assemble, build, declare_own, prepare
from doorward.app.world import backup, close, database_path, house, open_guard, open_world, restore

__all__ = [
    "API",
    "Application",
    "assemble",
    "backup",
    "build",
    "close",
    "database_path",
    "declare_own",
    "guard",
    "house",
    "open_guard",
    "open_world",
    "prepare",
    "restore",
]
