// net/http as its documentation has it: plaintext and TLS.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

func main() {
	dir := os.Args[1]
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "hello\n")
	})
	http.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(dir, "www", "large"))
	})
	plaintext, tls := listen(), listen()
	fmt.Println(plaintext.Addr(), tls.Addr())
	go func() { log.Fatal(http.Serve(plaintext, nil)) }()
	log.Fatal(http.ServeTLS(tls, nil, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")))
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return listener
}
