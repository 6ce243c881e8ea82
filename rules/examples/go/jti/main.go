// Gives every token a fresh random UUID, version 4, as its jti.
package main

import (
	"fmt"
	"uuid"
)

// Every call gets the same kind of answer, so neither the event on stdin nor the name of the call in os.Args is read.
func main() {
	fmt.Printf(`{"changes":[{"op":"set_claim","name":"jti","value":"%s"}]}`, uuid.NewV4())
}
