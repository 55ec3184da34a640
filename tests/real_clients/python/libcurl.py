"""One GET by the libcurl that is built with GnuTLS: libcurl.py [-2] URL.

Debian has no curl program with it; git and many others use this library. With
-2 it speaks HTTP/2 without asking (h2c for http://). Prints the answer's body
and, as every program with libcurl does, the words of its error. Exits with 0
for the status 200. The files are those of client.py.
"""

import ctypes
import os
import sys

# From curl/curl.h, where their numbers are fixed for ever.
ERROR_SIZE = 256
OPTIONS = {
    "url": 10002,
    "errorbuffer": 10010,
    "sslcert": 10025,
    "cainfo": 10065,
    "sslkey": 10087,
    "proxy": 10004,
    "timeout": 13,
    "http_version": 84,
}
HTTP_2_PRIOR_KNOWLEDGE = 5
RESPONSE_CODE = 0x200002


def main():
    curl = ctypes.CDLL("libcurl-gnutls.so.4")
    curl.curl_easy_init.restype = ctypes.c_void_p
    curl.curl_easy_strerror.restype = ctypes.c_char_p
    handle = ctypes.c_void_p(curl.curl_easy_init())

    def set_option(name, value):
        if value is not None:
            curl.curl_easy_setopt(handle, ctypes.c_int(OPTIONS[name]), value)

    def file(variable):
        return os.environ[variable].encode() if variable in os.environ else None

    words = ctypes.create_string_buffer(ERROR_SIZE)
    set_option("url", sys.argv[-1].encode())
    set_option("errorbuffer", words)
    set_option("cainfo", file("ONEPORT_CA"))
    set_option("sslcert", file("ONEPORT_CERT"))
    set_option("sslkey", file("ONEPORT_KEY"))
    set_option("proxy", b"")
    set_option("timeout", ctypes.c_long(20))
    if sys.argv[1] == "-2":
        set_option("http_version", ctypes.c_long(HTTP_2_PRIOR_KNOWLEDGE))
    code = curl.curl_easy_perform(handle)
    if code != 0:
        print(f"({code}) {(words.value or curl.curl_easy_strerror(code)).decode()}")
    status = ctypes.c_long()
    curl.curl_easy_getinfo(handle, ctypes.c_int(RESPONSE_CODE), ctypes.byref(status))
    curl.curl_easy_cleanup(handle)
    return 0 if status.value == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
