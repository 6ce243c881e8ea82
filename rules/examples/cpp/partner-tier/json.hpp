// A small JSON reader (RFC 8259), and a writer for strings. It does without exceptions, which rules cannot have.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace json {

class Value;

using Missing = std::monostate;
struct Null {};
struct Number {
  std::string_view digits;  // As they came, in the text that was parsed.
};
using List = std::vector<Value>;
using Record = std::vector<std::pair<std::string, Value>>;

class Value {
 public:
  // What the whole of a text is; nothing where it is no JSON or nested more than 200 deep.
  static std::optional<Value> parse(std::string_view source);

  // The member of that name. What has no such member, or no members at all, gives a value that is missing.
  const Value& operator[](std::string_view name) const;

  bool is_missing() const { return std::holds_alternative<Missing>(is_); }

  // Whether it is a T: `if (auto* text = value.as<std::string>())`.
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&is_);
  }

 private:
  friend class Reader;
  std::variant<Missing, Null, bool, Number, std::string, List, Record> is_;
};

// A string in its quotes, with everything escaped that has to be.
std::string quote(std::string_view text);

}  // namespace json
