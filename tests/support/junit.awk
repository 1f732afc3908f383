# For programs that read ctest's JUnit records: the value of an attribute of the
# line, "" where it has none.

function field(name,    part) {
    part = $0
    if (!sub(".*[ \t]" name "=\"", "", part)) {
        return ""
    }
    sub("\".*", "", part)
    return part
}
