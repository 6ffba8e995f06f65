"""The same work beyond one machine: what a corpus will take, before it is begun."""
