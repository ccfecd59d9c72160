"""Channels: the stream sockets on which workers answer tickets."""
