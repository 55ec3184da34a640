// One request by a Go client: client NAME URL.
//
// Prints what the client's user gets to see, and behind "kept: " what comes
// beside an error. Exits with 0 if the request was served, with 1 if not. The CA
// to trust is the file that SSL_CERT_FILE names, the client certificate, if any,
// ONEPORT_CERT and ONEPORT_KEY.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

func main() {
	served, err := map[string]func(string) (bool, error){
		"http":    get,
		"upload":  upload,
		"gorilla": echo,
		"grpc":    call,
	}[os.Args[1]](os.Args[2])
	if err != nil {
		fmt.Println(err)
	}
	if !served || err != nil {
		os.Exit(1)
	}
}

func get(url string) (bool, error) {
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config(), ForceAttemptHTTP2: true}}
	return show(client.Get(url))
}

// 8 MiB, written before the answer is read.
func upload(url string) (bool, error) {
	return show(http.Post(url, "text/plain", bytes.NewReader(make([]byte, 8<<20))))
}

func show(answer *http.Response, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(answer.Proto, answer.Status, string(body))
	return answer.StatusCode == http.StatusOK, err
}

func echo(url string) (bool, error) {
	dialer := websocket.Dialer{TLSClientConfig: config()}
	socket, answer, err := dialer.Dial(url, nil)
	if err != nil {
		fmt.Println(err)
		if answer != nil {
			body, _ := io.ReadAll(answer.Body)
			fmt.Printf("kept: %s %s\n", answer.Status, body)
		}
		return false, nil
	}
	defer socket.Close()
	if err := socket.WriteMessage(websocket.TextMessage, []byte("the same word")); err != nil {
		return false, err
	}
	_, word, err := socket.ReadMessage()
	fmt.Println(string(word))
	return err == nil, err
}

// A method that nobody has: a gRPC server that it reaches says status 12.
func call(address string) (bool, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return false, err
	}
	security := grpc.WithInsecure()
	if parsed.Scheme == "https" {
		security = grpc.WithTransportCredentials(credentials.NewTLS(config()))
	}
	connection, err := grpc.Dial(parsed.Host, security)
	if err != nil {
		return false, err
	}
	defer connection.Close()
	soon, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = connection.Invoke(soon, "/nobody.Has/This", nil, nil, grpc.ForceCodec(empty{}))
	if status.Code(err) == codes.Unimplemented {
		fmt.Println("UNIMPLEMENTED")
		return true, nil
	}
	return false, err
}

// Messages without content.
type empty struct{}

func (empty) Marshal(any) ([]byte, error) { return nil, nil }
func (empty) Unmarshal([]byte, any) error { return nil }
func (empty) Name() string                { return "empty" }

func config() *tls.Config {
	made := &tls.Config{}
	if file, there := os.LookupEnv("ONEPORT_CERT"); there {
		own, err := tls.LoadX509KeyPair(file, os.Getenv("ONEPORT_KEY"))
		if err != nil {
			panic(err)
		}
		made.Certificates = []tls.Certificate{own}
	}
	return made
}
