#include "cicu.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/unorm2.h>
#include <unicode/uset.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>
#include <unicode/uversion.h>

static uint8_t class_of(UChar32 c) {
  uint8_t flags = 0;
  if (u_getIntPropertyValue(c, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT) flags |= CICU_COMPLEX;
  if (u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC)) flags |= CICU_PICTOGRAPHIC;
  if (c >= 0x80 && u_hasBinaryProperty(c, UCHAR_EMOJI)) {
    // These stand in running text as well; they need a presentation selector to be a picture.
    int plain = c == 0xA9 || c == 0xAE || c == 0x2122 || c == 0x3030 || c == 0x303D;
    if (!plain) flags |= CICU_EMOJI;
  }
  switch (u_getIntPropertyValue(c, UCHAR_WORD_BREAK)) {
    case U_WB_ALETTER:
      return flags | (uscript_hasScript(c, USCRIPT_HANGUL) ? CICU_HANGUL_LETTER : CICU_ALETTER);
    case U_WB_HEBREW_LETTER: return flags | CICU_HEBREW_LETTER;
    case U_WB_NUMERIC: return flags | CICU_NUMERIC;
    case U_WB_KATAKANA: return flags | CICU_KATAKANA;
    case U_WB_EXTENDNUMLET: return flags | CICU_EXTEND_NUM_LET;
    case U_WB_MIDLETTER: return flags | CICU_MID_LETTER;
    case U_WB_MIDNUM: return flags | CICU_MID_NUM;
    case U_WB_MIDNUMLET: return flags | CICU_MID_NUM_LET;
    case U_WB_SINGLE_QUOTE: return flags | CICU_SINGLE_QUOTE;
    case U_WB_DOUBLE_QUOTE: return flags | CICU_DOUBLE_QUOTE;
    case U_WB_EXTEND:
    case U_WB_FORMAT: return flags | CICU_EXTEND;
    case U_WB_ZWJ: return flags | CICU_ZWJ;
    case U_WB_REGIONAL_INDICATOR: return CICU_REGIONAL;
    default: break;
  }
  if (c >= 0xFF10 && c <= 0xFF19) return flags | CICU_NUMERIC;
  UErrorCode e = U_ZERO_ERROR;
  UScriptCode script = uscript_getScript(c, &e);
  if (script == USCRIPT_HAN) return flags | CICU_HAN;
  if (script == USCRIPT_HIRAGANA) return flags | CICU_HIRAGANA;
  return flags | CICU_OTHER;
}

void cicu_word_classes(uint8_t *out, int32_t start, int32_t count) {
  for (int32_t i = 0; i < count; i++) out[i] = class_of(start + i);
}

int32_t cicu_general_category(int32_t c) { return u_charType(c); }
int32_t cicu_is_alphabetic(int32_t c) { return u_isUAlphabetic(c); }
int32_t cicu_is_white_space(int32_t c) { return u_isUWhiteSpace(c); }
int32_t cicu_to_lower(int32_t c) { return u_tolower(c); }
int32_t cicu_to_upper(int32_t c) { return u_toupper(c); }
int32_t cicu_fold_case(int32_t c) { return u_foldCase(c, U_FOLD_CASE_DEFAULT); }
int32_t cicu_digit_value(int32_t c) {
  return u_charType(c) == U_DECIMAL_DIGIT_NUMBER ? u_charDigitValue(c) : -1;
}
int32_t cicu_is_wide(int32_t c) {
  int32_t width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ||
         u_hasBinaryProperty(c, UCHAR_EMOJI_PRESENTATION);
}
int32_t cicu_script(int32_t c) {
  UErrorCode e = U_ZERO_ERROR;
  return uscript_getScript(c, &e);
}
const char *cicu_version(void) { return U_ICU_VERSION; }

int32_t cicu_property_ranges(const char *name, int32_t *out, int32_t max) {
  char pattern[160];
  size_t length = strlen(name);
  if (length == 0 || length > 100) return -1;
  for (size_t i = 0; i < length; i++) {
    char c = name[i];
    int plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                c == '_' || c == '=' || c == ' ' || c == '-';
    if (!plain) return -1;
  }
  strcpy(pattern, "\\p{");
  strcat(pattern, name);
  strcat(pattern, "}");
  UChar wide[160];
  u_charsToUChars(pattern, wide, (int32_t)strlen(pattern) + 1);
  return cicu_set_ranges((const uint16_t *)wide, (int32_t)strlen(pattern), out, max);
}

int32_t cicu_set_ranges(const uint16_t *pattern, int32_t length, int32_t *out, int32_t max) {
  UErrorCode e = U_ZERO_ERROR;
  USet *set = uset_openPattern((const UChar *)pattern, length, &e);
  if (U_FAILURE(e)) {
    if (set) uset_close(set);
    return -1;
  }
  int32_t items = uset_getItemCount(set), pairs = 0;
  for (int32_t i = 0; i < items; i++) {
    UChar32 first, last;
    e = U_ZERO_ERROR;
    if (uset_getItem(set, i, &first, &last, NULL, 0, &e) != 0 || U_FAILURE(e)) continue;
    if (pairs < max) {
      out[2 * pairs] = first;
      out[2 * pairs + 1] = last;
    }
    pairs++;
  }
  uset_close(set);
  return pairs;
}

struct cicu_words {
  UBreakIterator *breaks;
  int32_t at;
};

cicu_words *cicu_words_new(const char *locale) {
  UErrorCode e = U_ZERO_ERROR;
  UBreakIterator *breaks = ubrk_open(UBRK_WORD, locale, NULL, 0, &e);
  if (U_FAILURE(e)) return NULL;
  cicu_words *words = malloc(sizeof *words);
  if (!words) {
    ubrk_close(breaks);
    return NULL;
  }
  words->breaks = breaks;
  words->at = 0;
  return words;
}

void cicu_words_free(cicu_words *words) {
  if (!words) return;
  ubrk_close(words->breaks);
  free(words);
}

int32_t cicu_words_begin(cicu_words *words, const uint16_t *text, int32_t length) {
  UErrorCode e = U_ZERO_ERROR;
  ubrk_setText(words->breaks, (const UChar *)text, length, &e);
  if (U_FAILURE(e)) return 0;
  words->at = ubrk_first(words->breaks);
  return 1;
}

int32_t cicu_words_next(cicu_words *words, cicu_word *out, int32_t max) {
  int32_t count = 0;
  while (count < max) {
    int32_t end = ubrk_next(words->breaks);
    if (end == UBRK_DONE) break;
    int32_t status = ubrk_getRuleStatus(words->breaks);
    if (status >= UBRK_WORD_NUMBER) {
      out[count].start = words->at;
      out[count].end = end;
      out[count].status = status;
      count++;
    }
    words->at = end;
  }
  return count;
}

struct cicu_breaks {
  UBreakIterator *breaks;
  UChar *text;
};

cicu_breaks *cicu_breaks_new(int32_t kind, const char *locale) {
  UBreakIteratorType type = kind == 0 ? UBRK_WORD : kind == 1 ? UBRK_SENTENCE : UBRK_CHARACTER;
  UErrorCode e = U_ZERO_ERROR;
  UBreakIterator *made = ubrk_open(type, locale, NULL, 0, &e);
  if (U_FAILURE(e)) return NULL;
  cicu_breaks *breaks = calloc(1, sizeof *breaks);
  if (!breaks) {
    ubrk_close(made);
    return NULL;
  }
  breaks->breaks = made;
  return breaks;
}

void cicu_breaks_free(cicu_breaks *breaks) {
  if (!breaks) return;
  ubrk_close(breaks->breaks);
  free(breaks->text);
  free(breaks);
}

int32_t cicu_breaks_begin(cicu_breaks *breaks, const uint16_t *text, int32_t length) {
  UChar *copy = malloc(((size_t)length + 1) * sizeof *copy);
  if (!copy) return 0;
  if (length > 0) memcpy(copy, text, (size_t)length * sizeof *copy);
  UErrorCode e = U_ZERO_ERROR;
  ubrk_setText(breaks->breaks, copy, length, &e);
  free(breaks->text);
  breaks->text = copy;
  return U_SUCCESS(e);
}

int32_t cicu_breaks_before(cicu_breaks *breaks, int32_t offset) {
  int32_t found = ubrk_preceding(breaks->breaks, offset);
  return found == UBRK_DONE ? -1 : found;
}

int32_t cicu_breaks_after(cicu_breaks *breaks, int32_t offset) {
  int32_t found = ubrk_following(breaks->breaks, offset);
  return found == UBRK_DONE ? -1 : found;
}

static const UNormalizer2 *form_of(int32_t form) {
  UErrorCode e = U_ZERO_ERROR;
  const UNormalizer2 *n = NULL;
  switch (form) {
    case 0: n = unorm2_getNFCInstance(&e); break;
    case 1: n = unorm2_getNFDInstance(&e); break;
    case 2: n = unorm2_getNFKCInstance(&e); break;
    case 3: n = unorm2_getNFKDInstance(&e); break;
    default: n = unorm2_getNFKCCasefoldInstance(&e); break;
  }
  return U_SUCCESS(e) ? n : NULL;
}

int32_t cicu_normalize(
    int32_t form, const uint16_t *text, int32_t length, uint16_t *out, int32_t capacity) {
  const UNormalizer2 *n = form_of(form);
  if (!n) return -1;
  UErrorCode e = U_ZERO_ERROR;
  int32_t needed =
      unorm2_normalize(n, (const UChar *)text, length, (UChar *)out, capacity, &e);
  return U_SUCCESS(e) || e == U_BUFFER_OVERFLOW_ERROR ? needed : -1;
}

int32_t cicu_span_normal(int32_t form, const uint16_t *text, int32_t length) {
  const UNormalizer2 *n = form_of(form);
  if (!n) return 0;
  UErrorCode e = U_ZERO_ERROR;
  int32_t span = unorm2_spanQuickCheckYes(n, (const UChar *)text, length, &e);
  return U_SUCCESS(e) ? span : 0;
}

int32_t cicu_boundary_before(int32_t form, int32_t c) {
  const UNormalizer2 *n = form_of(form);
  return n && unorm2_hasBoundaryBefore(n, c);
}

int32_t cicu_is_inert(int32_t form, int32_t c) {
  const UNormalizer2 *n = form_of(form);
  return n && unorm2_isInert(n, c);
}

int32_t cicu_map_case(int32_t upper, const char *locale, const uint16_t *text, int32_t length,
    uint16_t *out, int32_t capacity) {
  UErrorCode e = U_ZERO_ERROR;
  int32_t needed =
      upper ? u_strToUpper((UChar *)out, capacity, (const UChar *)text, length, locale, &e)
            : u_strToLower((UChar *)out, capacity, (const UChar *)text, length, locale, &e);
  return U_SUCCESS(e) || e == U_BUFFER_OVERFLOW_ERROR ? needed : -1;
}

struct cicu_transform {
  UTransliterator *rules;
};

cicu_transform *cicu_transform_new(const char *id, int32_t reverse) {
  size_t length = strlen(id);
  if (length > 1000) return NULL;
  UChar wide[1024];
  int32_t wideLength = 0;
  UErrorCode e = U_ZERO_ERROR;
  u_strFromUTF8(wide, 1024, &wideLength, id, (int32_t)length, &e);
  if (U_FAILURE(e)) return NULL;
  UTransliterator *rules = utrans_openU(
      wide, wideLength, reverse ? UTRANS_REVERSE : UTRANS_FORWARD, NULL, 0, NULL, &e);
  if (U_FAILURE(e)) return NULL;
  cicu_transform *transform = malloc(sizeof *transform);
  if (!transform) {
    utrans_close(rules);
    return NULL;
  }
  transform->rules = rules;
  return transform;
}

void cicu_transform_free(cicu_transform *transform) {
  if (!transform) return;
  utrans_close(transform->rules);
  free(transform);
}

int32_t cicu_transform_apply(cicu_transform *transform, const uint16_t *text, int32_t length,
    uint16_t *out, int32_t capacity) {
  if (capacity < length) return capacity < 64 ? 64 + length : length * 2;
  memcpy(out, text, (size_t)length * 2);
  int32_t newLength = length, limit = length;
  UErrorCode e = U_ZERO_ERROR;
  utrans_transUChars(
      transform->rules, (UChar *)out, &newLength, capacity, 0, &limit, &e);
  if (e == U_BUFFER_OVERFLOW_ERROR) return newLength > capacity ? newLength : capacity * 2 + 64;
  return U_SUCCESS(e) ? newLength : -1;
}
