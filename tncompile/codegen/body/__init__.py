"""The body of a function of a module: steps and loops, the places and orders of their buffers."""
