"""The numerics: schedules, samplers, models and loaders. torch lives here; nothing here knows a graph."""
