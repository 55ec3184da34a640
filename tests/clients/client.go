// One request by Go's net/http: client URL.
//
// Prints what the client's user gets to see. Exits with 0 if the request was
// served, with 1 if not. The CA to trust is the file that SSL_CERT_FILE names.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	answer, err := http.Get(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(answer.Proto, answer.Status, string(body), err)
	if answer.StatusCode != http.StatusOK || err != nil {
		os.Exit(1)
	}
}
