// The work of the bench in Go, as its users write a server: a goroutine for each connection.
//
//	server close|keep|big|udp PORT
//
// Go sets TCP_NODELAY by itself, and takes the backlog from the kernel (somaxconn, 4096).
package main

import (
	"bytes"
	"fmt"
	"log"
	"net"
	"os"
)

const request = 64

var thanks = []byte("thank you !")

// Receives once, thanks, closes.
func thankAndClose(connection net.Conn) {
	defer connection.Close()
	var input [4096]byte
	if n, _ := connection.Read(input[:]); n > 0 {
		connection.Write(thanks)
	}
}

// Answers each request of 64 bytes; those that came together in one write.
func keep(connection net.Conn, reply []byte) {
	defer connection.Close()
	input := make([]byte, 4096)
	partial := 0
	for {
		n, err := connection.Read(input)
		if err != nil {
			return
		}
		partial += n
		output := reply
		if requests := partial / request; requests == 0 {
			continue
		} else if requests > 1 {
			output = bytes.Repeat(reply, requests)
		}
		partial %= request
		if _, err := connection.Write(output); err != nil {
			return
		}
	}
}

func accept(work, address string) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	reply := thanks
	if work == "big" {
		reply = bytes.Repeat([]byte("x"), 1<<20)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		if work == "close" {
			go thankAndClose(connection)
		} else {
			go keep(connection, reply)
		}
	}
}

func datagrams(address string) error {
	local, err := net.ResolveUDPAddr("udp4", address)
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp4", local)
	if err != nil {
		return err
	}
	input := make([]byte, 2048)
	for {
		_, peer, err := socket.ReadFromUDPAddrPort(input)
		if err != nil {
			return err
		}
		socket.WriteToUDPAddrPort(thanks, peer)
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: server close|keep|big|udp PORT")
		os.Exit(64)
	}
	address := "127.0.0.1:" + os.Args[2]
	serve := func() error { return accept(os.Args[1], address) }
	if os.Args[1] == "udp" {
		serve = func() error { return datagrams(address) }
	}
	log.Fatal(serve())
}
