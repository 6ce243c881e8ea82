// Puts a partner's tier into the token, and takes the gold scope away from every partner that is not gold.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json.hpp"

using json::quote;
using json::Value;

namespace {

// Ends the call as a failure: the last line on stderr is the reason that the host logs.
[[noreturn]] void fail(const char* reason) {
  std::fprintf(stderr, "%s\n", reason);
  std::exit(1);
}

std::string text(const Value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  fail("a string is missing from the event or the settings, or something else is in its place");
}

std::string text_or(const Value& value, std::string_view otherwise) {
  return value.is_missing() ? std::string(otherwise) : text(value);
}

bool contains(const Value& value, std::string_view wanted) {
  const auto* list = value.as<json::List>();
  return list != nullptr && std::any_of(list->begin(), list->end(), [&](const Value& item) {
           const auto* text = item.as<std::string>();
           return text != nullptr && *text == wanted;
         });
}

std::string enrich(const Value& event) {
  const Value& metadata = event["client"]["metadata"];
  const Value& settings = event["settings"];
  const std::string id = text(event["client"]["id"]);
  if (text_or(metadata["status"], "") == "suspended") {
    return R"({"denied":{"code":"access_denied","description":)" + quote("client " + id + " is suspended") + "}}";
  }

  const std::string claim = text_or(settings["claim"], "https://rulemint.example/tier");
  const std::string default_tier = text_or(settings["default_tier"], "standard");
  const std::string gold_scope = text_or(settings["gold_scope"], "");
  const std::string tier = text_or(metadata["tier"], default_tier);
  std::string changes = R"({"op":"set_claim","name":)" + quote(claim) + R"(,"value":)" + quote(tier) + "}";
  if (tier != "gold" && contains(event["scopes"]["granted"], gold_scope)) {
    changes += R"(,{"op":"remove_scope","scope":)" + quote(gold_scope) + "}";
  }
  return R"({"changes":[)" + changes + "]}";
}

// Asked before the rule goes live, so that a mistake in the manifest never meets a token.
std::string validate(const Value& settings) {
  std::string problems;
  const auto tell = [&](const std::string& problem) { problems += (problems.empty() ? "" : ",") + quote(problem); };

  const Value& claim = settings["claim"];
  const auto* url = claim.as<std::string>();
  if (!claim.is_missing() && (url == nullptr || !url->starts_with("https://"))) {
    tell("claim must be a string that begins with https://");
  }
  for (const char* name : {"default_tier", "gold_scope"}) {
    const auto* text = settings[name].as<std::string>();
    if (!settings[name].is_missing() && (text == nullptr || text->empty())) {
      tell(std::string(name) + " must be a string that is not empty");
    }
  }
  return R"({"problems":[)" + problems + "]}";
}

// What stdin holds, which is one JSON object for every call but describe.
Value read_object() {
  static std::string source;  // Numbers stay where they were read from.
  char buffer[4096];
  while (const auto count = std::fread(buffer, 1, sizeof buffer, stdin)) source.append(buffer, count);
  auto value = Value::parse(source);
  if (!value || value->as<json::Record>() == nullptr) fail("stdin is no JSON object");
  return *std::move(value);
}

std::string answer(std::string_view call) {
  if (call == "enrich") return enrich(read_object());
  if (call == "validate-settings") return validate(read_object());
  if (call == "describe") {
    return R"({"description":"Puts a partner's tier into the token","version":"1.0.0",)"
           R"("calls":["enrich","validate-settings"]})";
  }
  fail("the one argument is enrich, validate-settings or describe");
}

}  // namespace

int main(int argc, char** argv) { std::puts(answer(argc == 2 ? argv[1] : "").c_str()); }
