#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast that Swift does not import: SQLite copies what is bound.
static inline int trawl_sqlite_bind_text(sqlite3_stmt *statement, int place, const char *text, int byteCount) {
    return sqlite3_bind_text(statement, place, text, byteCount, SQLITE_TRANSIENT);
}
static inline int trawl_sqlite_bind_blob(sqlite3_stmt *statement, int place, const void *bytes, int byteCount) {
    return byteCount == 0 ? sqlite3_bind_zeroblob(statement, place, 0)
                          : sqlite3_bind_blob(statement, place, bytes, byteCount, SQLITE_TRANSIENT);
}
