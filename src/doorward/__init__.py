"""doorward: the door of every API. Who is calling, what may they do, and why."""
