"""The built-in nodes. `TABLE_MODULES` lists the modules; each holds a `NODES` table (`registry.authoring`)."""

TABLE_MODULES: tuple[str, ...] = ()
