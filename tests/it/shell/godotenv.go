package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/joho/godotenv"
)

func main() {
	found, err := godotenv.Read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	values := []string{}
	for i := 0; i < len(found); i++ {
		values = append(values, found[fmt.Sprintf("V%d", i)])
	}
	json.NewEncoder(os.Stdout).Encode(values)
}
