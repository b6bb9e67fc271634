"""The graph: nodes bound to their specs, links resolved to sockets, everything checked."""
