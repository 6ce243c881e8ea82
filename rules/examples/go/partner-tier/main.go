// Puts a partner's tier into the token, and takes the gold scope away from every partner that is not gold.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
)

// What this rule reads of the event; the rest of it is skipped.
type event struct {
	Client struct {
		ID       string            `json:"id"`
		Metadata map[string]string `json:"metadata"`
	} `json:"client"`
	Scopes struct {
		Granted []string `json:"granted"`
	} `json:"scopes"`
	Settings settings `json:"settings"`
}

type settings struct {
	Claim       string `json:"claim"`
	DefaultTier string `json:"default_tier"`
	GoldScope   string `json:"gold_scope"`
}

// Exactly one of changes, denied, invalid and internal.
type result map[string]any

type change struct {
	Op    string `json:"op"`
	Name  string `json:"name,omitempty"`
	Value any    `json:"value,omitempty"`
	Scope string `json:"scope,omitempty"`
}

type denial struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

func enrich(e event) result {
	metadata := e.Client.Metadata
	if metadata["status"] == "suspended" {
		return result{"denied": denial{"access_denied", fmt.Sprintf("client %s is suspended", e.Client.ID)}}
	}
	tier, ok := metadata["tier"]
	if !ok {
		tier = e.Settings.DefaultTier
	}
	changes := []change{{Op: "set_claim", Name: e.Settings.Claim, Value: tier}}
	if scope := e.Settings.GoldScope; tier != "gold" && slices.Contains(e.Scopes.Granted, scope) {
		changes = append(changes, change{Op: "remove_scope", Scope: scope})
	}
	return result{"changes": changes}
}

// Asked before the rule goes live, so that a mistake in the manifest never meets a token.
func validate(settings map[string]any) []string {
	problems := []string{} // Not nil: where there are none, that is an empty list.
	if claim, ok := settings["claim"]; ok {
		if text, _ := claim.(string); !strings.HasPrefix(text, "https://") {
			problems = append(problems, "claim must be a string that begins with https://")
		}
	}
	for _, name := range []string{"default_tier", "gold_scope"} {
		if value, ok := settings[name]; ok {
			if text, _ := value.(string); text == "" {
				problems = append(problems, name+" must be a string that is not empty")
			}
		}
	}
	return problems
}

func main() {
	log.SetFlags(0) // The host knows the time, and the last line on stderr is why a call failed.
	if len(os.Args) != 2 {
		log.Fatal("the one argument is the name of the call")
	}
	switch call := os.Args[1]; call {
	case "enrich":
		e := event{Settings: settings{Claim: "https://rulemint.example/tier", DefaultTier: "standard"}}
		read(&e)
		write(enrich(e))
	case "validate-settings":
		settings := map[string]any{}
		read(&settings)
		write(map[string]any{"problems": validate(settings)})
	case "describe":
		write(map[string]any{
			"description": "Puts a partner's tier into the token",
			"version":     "1.0.0",
			"calls":       []string{"enrich", "validate-settings"},
		})
	default:
		log.Fatalf("there is no call %q here", call)
	}
}

func read(into any) {
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		log.Fatal("stdin: ", err)
	}
}

func write(answer any) {
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		log.Fatal("stdout: ", err)
	}
}
