"""`tls.py PORT CERT KEY`: http.server over TLS, as most recipes have it."""

import http.server
import ssl
import sys

port, cert, key = sys.argv[1:]
server = http.server.HTTPServer(("127.0.0.1", int(port)), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
