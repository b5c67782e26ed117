"""Delivery under loss: what every client ends with, whatever becomes of hints, Redis, sockets and processes."""
