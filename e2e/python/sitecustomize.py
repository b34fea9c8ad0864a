"""Names under localhost lead to this machine for browsers; for Python's resolver they may not."""

import socket

ask = socket.getaddrinfo


def getaddrinfo(host, *more, **named):
    return ask("127.0.0.1" if str(host).endswith(".localhost") else host, *more, **named)


socket.getaddrinfo = getaddrinfo
