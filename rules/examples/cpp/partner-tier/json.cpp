#include "json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace json {

// Each function moves behind what it read, or answers false.
class Reader {
 public:
  explicit Reader(std::string_view source) : rest_(source) {}

  bool is_at_end() const { return rest_.empty(); }

  // A value, with the white space on both sides.
  bool value(Value& out, int depth) {
    skip_space();
    const bool good = depth <= kDepthMax && bare_value(out, depth);
    skip_space();
    return good;
  }

 private:
  bool bare_value(Value& out, int depth) {
    if (take("{")) return members(out.is_.emplace<Record>(), depth);
    if (take("[")) return items(out.is_.emplace<List>(), depth);
    if (take("\"")) return text(out.is_.emplace<std::string>());
    if (take("true")) return word(out, true);
    if (take("false")) return word(out, false);
    if (take("null")) return word(out, Null{});
    return number(out.is_.emplace<Number>());
  }

  template <typename T>
  static bool word(Value& out, T meaning) {
    out.is_ = meaning;
    return true;
  }

  bool members(Record& out, int depth) {
    skip_space();
    if (take("}")) return true;
    do {
      auto& [name, inner] = out.emplace_back();
      skip_space();
      if (!take("\"") || !text(name)) return false;
      skip_space();
      if (!take(":") || !value(inner, depth + 1)) return false;
    } while (take(","));
    return take("}");
  }

  bool items(List& out, int depth) {
    skip_space();
    if (take("]")) return true;
    do {
      if (!value(out.emplace_back(), depth + 1)) return false;
    } while (take(","));
    return take("]");
  }

  // The characters up to the closing quote.
  bool text(std::string& out) {
    while (!take("\"")) {
      if (rest_.empty() || static_cast<unsigned char>(rest_.front()) < 0x20) return false;
      if (take("\\")) {
        if (!escape(out)) return false;
      } else {
        out += rest_.front();
        rest_.remove_prefix(1);
      }
    }
    return true;
  }

  bool escape(std::string& out) {
    static constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    if (take("u")) return unicode(out);
    const auto index = rest_.empty() ? names.npos : names.find(rest_.front());
    if (index == names.npos) return false;
    out += meanings[index];
    rest_.remove_prefix(1);
    return true;
  }

  // A character outside the first 65,536 comes as two surrogates; half of such a pair is no character.
  bool unicode(std::string& out) {
    std::uint32_t code, low;
    if (!hex(code)) return false;
    if (code >= 0xd800 && code <= 0xdfff) {
      if (code > 0xdbff || !take("\\u") || !hex(low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    put_utf8(out, code);
    return true;
  }

  bool hex(std::uint32_t& out) {
    static constexpr std::string_view digits = "0123456789abcdefABCDEF";
    if (rest_.size() < 4) return false;
    out = 0;
    for (const char c : rest_.substr(0, 4)) {
      const auto digit = digits.find(c);
      if (digit == digits.npos) return false;
      out = out * 16 + (digit < 16 ? digit : digit - 6);
    }
    rest_.remove_prefix(4);
    return true;
  }

  static void put_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
      return;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static constexpr std::array<int, 4> starts = {0, 0xc0, 0xe0, 0xf0};
    out += static_cast<char>(starts[more] | code >> 6 * more);
    for (int i = more - 1; i >= 0; i--) out += static_cast<char>(0x80 | (code >> 6 * i & 0x3f));
  }

  bool number(Number& out) {
    const std::string_view start = rest_;
    take("-");
    if (!take("0") && !digits()) return false;
    if (take(".") && !digits()) return false;
    if (take("e") || take("E")) {
      if (!take("+")) take("-");
      if (!digits()) return false;
    }
    out.digits = start.substr(0, start.size() - rest_.size());
    return true;
  }

  bool digits() { return skip("0123456789") > 0; }

  void skip_space() { skip(" \t\n\r"); }

  std::size_t skip(std::string_view characters) {
    const auto count = std::min(rest_.find_first_not_of(characters), rest_.size());
    rest_.remove_prefix(count);
    return count;
  }

  bool take(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }

  // Deep enough for every event, and shallow enough for a small stack.
  static constexpr int kDepthMax = 200;

  std::string_view rest_;
};

std::optional<Value> Value::parse(std::string_view source) {
  Reader reader(source);
  Value value;
  if (!reader.value(value, 0) || !reader.is_at_end()) return std::nullopt;
  return value;
}

const Value& Value::operator[](std::string_view name) const {
  static const Value missing;
  const auto* record = as<Record>();
  if (record == nullptr) return missing;
  // Of a name that is there twice, the last one counts.
  const auto member =
      std::find_if(record->rbegin(), record->rend(), [&](const auto& member) { return member.first == name; });
  return member == record->rend() ? missing : member->second;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    } else {
      std::array<char, 7> escaped;
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", c);
      out += escaped.data();
    }
  }
  return out + '"';
}

}  // namespace json
