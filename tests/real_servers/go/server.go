// net/http as its documentation has it.
//
//	go-server plain PORT
//	go-server tls PORT CERT KEY
//	go-server tls-http1 PORT CERT KEY    without HTTP/2
//	go-server tls12 PORT CERT KEY        TLS 1.2 at most
//	go-server tls13 PORT CERT KEY        TLS 1.3 at least
//	go-server mtls PORT CERT KEY CA      a client certificate is required
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	kind, address := os.Args[1], "127.0.0.1:"+os.Args[2]
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "go")
	})
	if kind == "plain" {
		log.Fatal(http.ListenAndServe(address, nil))
	}
	cert, key := os.Args[3], os.Args[4]
	if kind == "tls" {
		log.Fatal(http.ListenAndServeTLS(address, cert, key, nil))
	}
	server := &http.Server{Addr: address, TLSConfig: &tls.Config{}}
	switch kind {
	case "tls-http1":
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	case "tls12":
		server.TLSConfig.MaxVersion = tls.VersionTLS12
	case "tls13":
		server.TLSConfig.MinVersion = tls.VersionTLS13
	case "mtls":
		pem, err := os.ReadFile(os.Args[5])
		if err != nil {
			log.Fatal(err)
		}
		server.TLSConfig.ClientCAs = x509.NewCertPool()
		server.TLSConfig.ClientCAs.AppendCertsFromPEM(pem)
		server.TLSConfig.ClientAuth = tls.RequireAndVerifyClientCert
	default:
		log.Fatalf("no %s", kind)
	}
	log.Fatal(server.ListenAndServeTLS(cert, key))
}
