// A narrow door to libicu. No ICU header is included here: Swift's own copy of ICU, which comes
// with Foundation, would clash with it.
#ifndef CICU_H
#define CICU_H

#include <stddef.h>
#include <stdint.h>

// How a code point behaves at word boundaries. The low five bits of a class byte.
enum {
  CICU_OTHER = 0,
  CICU_ALETTER = 1,
  CICU_HANGUL_LETTER = 2,
  CICU_HEBREW_LETTER = 3,
  CICU_NUMERIC = 4,
  CICU_KATAKANA = 5,
  CICU_EXTEND_NUM_LET = 6,
  CICU_MID_LETTER = 7,
  CICU_MID_NUM = 8,
  CICU_MID_NUM_LET = 9,
  CICU_SINGLE_QUOTE = 10,
  CICU_DOUBLE_QUOTE = 11,
  CICU_EXTEND = 12,
  CICU_HAN = 13,
  CICU_HIRAGANA = 14,
  CICU_REGIONAL = 15,
  CICU_ZWJ = 16,
};
// Flags beside the class.
enum { CICU_COMPLEX = 0x20, CICU_EMOJI = 0x40, CICU_PICTOGRAPHIC = 0x80 };

// Fills classes of code points from `start`, `count` of them.
void cicu_word_classes(uint8_t *out, int32_t start, int32_t count);

// The general category of a code point, as ICU numbers it (0 unassigned, 1 Lu, 2 Ll, …).
int32_t cicu_general_category(int32_t c);
int32_t cicu_is_alphabetic(int32_t c);
int32_t cicu_is_white_space(int32_t c);
int32_t cicu_to_lower(int32_t c);
int32_t cicu_to_upper(int32_t c);
int32_t cicu_fold_case(int32_t c);
int32_t cicu_digit_value(int32_t c);
// East Asian width is wide or full; or the character shows as an emoji picture.
int32_t cicu_is_wide(int32_t c);
// Code points of a script, block or binary property by its ICU name, such as "Greek", "L",
// "InGreek", "Alphabetic": pairs (first, last). Returns the number of pairs there are (which may
// be more than `max`), or -1 when the name is unknown.
int32_t cicu_property_ranges(const char *name, int32_t *out, int32_t max);
// The same of a pattern of ICU's UnicodeSet, such as "[^a-z]"; strings in it are left out.
int32_t cicu_set_ranges(const uint16_t *pattern, int32_t length, int32_t *out, int32_t max);

// Word boundaries with ICU's own rules and dictionaries. One per thread.
typedef struct cicu_words cicu_words;
typedef struct {
  int32_t start, end, status;
} cicu_word;
cicu_words *cicu_words_new(const char *locale);
void cicu_words_free(cicu_words *);
// Starts on a text of UTF-16 code units, which must stay where it is. False on failure.
int32_t cicu_words_begin(cicu_words *, const uint16_t *text, int32_t length);
// The next words, status below 100 left out. Returns how many; 0 at the end.
int32_t cicu_words_next(cicu_words *, cicu_word *out, int32_t max);

// Boundaries of words (0), sentences (1) or characters (2) by a locale's rules. One per thread.
typedef struct cicu_breaks cicu_breaks;
cicu_breaks *cicu_breaks_new(int32_t kind, const char *locale);
void cicu_breaks_free(cicu_breaks *);
// Starts on a text, which is copied. False on failure.
int32_t cicu_breaks_begin(cicu_breaks *, const uint16_t *text, int32_t length);
// The last boundary before an offset, the first one after it; -1 when there is none.
int32_t cicu_breaks_before(cicu_breaks *, int32_t offset);
int32_t cicu_breaks_after(cicu_breaks *, int32_t offset);

// Normalisation. Form: 0 NFC, 1 NFD, 2 NFKC, 3 NFKD, 4 NFKC_Casefold. Shared by all threads.
// Returns the length needed (which may be more than `capacity`), or -1 on failure.
int32_t cicu_normalize(
    int32_t form, const uint16_t *text, int32_t length, uint16_t *out, int32_t capacity);
// How many code units from the start are surely normal and cannot change by what follows.
int32_t cicu_span_normal(int32_t form, const uint16_t *text, int32_t length);
// Whether normalisation never joins what lies before this code point with it.
int32_t cicu_boundary_before(int32_t form, int32_t c);

// Whether a code point neither changes nor touches its neighbours in this form.
int32_t cicu_is_inert(int32_t form, int32_t c);

// Full case mapping in a locale ("tr", "el", "ga", …): upper 1 or lower 0.
int32_t cicu_map_case(int32_t upper, const char *locale, const uint16_t *text, int32_t length,
    uint16_t *out, int32_t capacity);

// Transliteration. One per thread.
typedef struct cicu_transform cicu_transform;
cicu_transform *cicu_transform_new(const char *id, int32_t reverse);
void cicu_transform_free(cicu_transform *);
int32_t cicu_transform_apply(
    cicu_transform *, const uint16_t *text, int32_t length, uint16_t *out, int32_t capacity);

// Script of a code point, as ICU numbers it, and the script's short name.
int32_t cicu_script(int32_t c);
const char *cicu_version(void);

#endif
