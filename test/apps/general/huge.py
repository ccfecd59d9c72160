"""A response of $MEBIBYTES of a repeating pattern; the file $PROGRESS has the number of mebibytes produced so far."""

import os

SIZE = int(os.environ["MEBIBYTES"])
MEBIBYTE = bytes(range(256)) * 4096


def application(environ, start_response):
    headers = [("Content-Type", "application/octet-stream")]
    if environ["QUERY_STRING"] == "length":
        headers.append(("Content-Length", str(SIZE * len(MEBIBYTE))))
    start_response("200 OK", headers)
    return pieces()


def pieces():
    with open(os.environ["PROGRESS"], "w") as progress:
        for number in range(SIZE):
            progress.seek(0)
            progress.write(str(number))
            progress.flush()
            yield MEBIBYTE
