"""Servers that are not Rust: one worker each, no access log, the same answer,
their own defaults otherwise. A missing one is named in the report."""

import os
import re
import shutil
import socket

import build
import machine

STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


class External:
    """How to start one. `ports` says what it has: protocol to address."""

    def __init__(self, name, title, program, version, prepare, large=True, most=None):
        self.name, self.title, self.program, self.version = name, title, program, version
        # Writes its files; returns a command, its environment, and its ports
        # (None: it prints its plaintext and its TLS address).
        self.prepare = prepare
        self.large = large  # whether it has 64 MiB to send
        self.most = most  # connections, where it cannot have thousands


def found(directory):
    """Those that are installed, and what is missing."""
    here, missing = [], {}
    for name, title, program, version, prepare, rest in CATALOG:
        path = find(program)
        if name == "go" and path:
            path = build.go(directory)
        if not path:
            missing[name] = f"{title}: {program} is not installed"
        elif name == "nginx-dual" and not os.path.exists(STREAM_MODULE):
            missing[name] = f"{title}: nginx has no stream module here"
        else:
            here.append(External(name, title, path, versions(version), prepare, **rest))
    return here, missing


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def versions(command):
    program = find(command[0])
    numbers = re.search(r"\d+\.\d+[.\d]*", machine.output(program, *command[1:])) if program else None
    return numbers[0] if numbers else "?"


def free_ports(count):
    """Ports that nobody has just now. That none takes them meanwhile is checked
    by the answer that each server has to give."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return ports


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def nginx(program, shared, own):
    return nginx_with(program, shared, own, dual=False)


def nginx_dual(program, shared, own):
    return nginx_with(program, shared, own, dual=True)


def nginx_with(program, shared, own, dual):
    plaintext, tls, h2c, both = free_ports(4)
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = " ".join(
        f"{kind}_temp_path {own}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    stream = f"""
stream {{
    map $ssl_preread_protocol $to {{ "" unix:{own}/plaintext; default unix:{own}/tls; }}
    server {{ listen {both}; ssl_preread on; preread_timeout 120s; proxy_pass $to; }}
}}"""
    sockets = f"listen unix:{own}/plaintext; listen unix:{own}/tls ssl http2;"
    config = f"""
{f"load_module {STREAM_MODULE};" if dual else ""}
daemon off; worker_processes 1; worker_rlimit_nofile 20000; {user}
pid {own}/pid; error_log {own}/log error;
events {{ worker_connections 19000; }}
http {{
    access_log off; {temporary}
    keepalive_timeout 120s; keepalive_requests 1000000000; client_header_timeout 120s;
    sendfile on; default_type text/plain; root {shared}/www;
    ssl_certificate {shared}/cert.pem; ssl_certificate_key {shared}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    server {{
        {sockets if dual else f"listen {plaintext}; listen {tls} ssl http2; listen {h2c} http2;"}
        location = / {{ return 200 "hello\\n"; }}
        location / {{ }}
    }}
}}
{stream if dual else ""}"""
    command = [program, "-c", write(own, "nginx.conf", config), "-p", own, "-e", f"{own}/log"]
    single = {"plaintext": plaintext, "tls": tls, "h2c": h2c}
    return command, {}, {"plaintext": both, "tls": both} if dual else single


def haproxy(program, shared, own):
    return haproxy_with(program, shared, own, dual=False)


def haproxy_dual(program, shared, own):
    return haproxy_with(program, shared, own, dual=True)


def haproxy_with(program, shared, own, dual):
    plaintext, tls, both = free_ports(3)
    if dual:
        binds = [f"unix@{own}/plaintext", f"unix@{own}/tls"]
    else:
        binds = [plaintext, tls]
    split = f"""
frontend both
    mode tcp
    bind {both}
    tcp-request inspect-delay 120s
    tcp-request content accept if {{ req.ssl_hello_type 1 }} or HTTP
    use_backend tls if {{ req.ssl_hello_type 1 }}
    default_backend plaintext
backend tls
    mode tcp
    server it unix@{own}/tls
backend plaintext
    mode tcp
    server it unix@{own}/plaintext
"""
    config = f"""
global
    nbthread 1
    maxconn 9000
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    mode http
    timeout client 120s
    timeout server 120s
    timeout connect 5s
    timeout http-keep-alive 120s
    timeout http-request 120s
frontend http
    bind {binds[0]}
    bind {binds[1]} ssl crt {shared}/both.pem alpn h2,http/1.1
    http-request return status 200 content-type text/plain string "hello\\n"
{split if dual else ""}"""
    command = [program, "-db", "-q", "-f", write(own, "haproxy.cfg", config)]
    single = {"plaintext": plaintext, "tls": tls, "h2c": plaintext}
    return command, {}, {"plaintext": both, "tls": both} if dual else single


def caddy(program, shared, own):
    plaintext, tls = free_ports(2)
    ports = [address.rsplit(":", 1)[1] for address in (plaintext, tls)]
    site = f"""
    bind 127.0.0.1
    handle /large {{
        root * {shared}/www
        file_server
    }}
    handle {{
        respond "hello
"
    }}"""
    config = f"""{{
    admin off
    auto_https off
    servers {{
        protocols h1 h2 h2c
    }}
    log {{
        level ERROR
    }}
}}
http://:{ports[0]} {{{site}
}}
https://:{ports[1]} {{{site}
    tls {shared}/cert.pem {shared}/key.pem
}}
"""
    command = [program, "run", "--adapter", "caddyfile", "--config", write(own, "Caddyfile", config)]
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), own)
    return command, {"GOMAXPROCS": "1", **homes}, {"plaintext": plaintext, "tls": tls, "h2c": plaintext}


def go(program, shared, _):
    return [program, shared], {"GOMAXPROCS": "1"}, None


def node(program, shared, _):
    script = os.path.join(build.HERE, "external", "server.js")
    return [program, script, shared], {"UV_THREADPOOL_SIZE": "1"}, None


HAPROXY, NGINX = ["haproxy", "-v"], ["nginx", "-v"]
CATALOG = [
    ("nginx", "nginx", "nginx", NGINX, nginx, {}),
    ("nginx-dual", "nginx, both by a hop (stream, ssl_preread)", "nginx", NGINX, nginx_dual, {}),
    ("haproxy", "HAProxy", "haproxy", HAPROXY, haproxy, {"large": False}),
    ("haproxy-dual", "HAProxy, both by a hop (mode tcp)", "haproxy", HAPROXY, haproxy_dual, {"large": False}),
    ("caddy", "Caddy", "caddy", ["caddy", "version"], caddy, {}),
    ("go", "Go net/http", "go", ["go", "version"], go, {}),
    ("node", "Node http, https", "node", ["node", "--version"], node, {}),
]
