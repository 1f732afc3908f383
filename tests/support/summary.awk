# Summary of ctest's JUnit records (with junit.awk): failed tests, skipped tests
# with reasons, and a last line "N passed, N failed, N skipped".
#
# With -v faults=FILE the tests of faults that FILE lists must have run: one
# that is absent from the records has failed, and one that was skipped, too,
# but for a reason that the list allows. FILE has a line "NAME: REASON; ..."
# each; -v labels="unit|system" leaves out those that were not asked for, and
# -v is_plain=1, for tests without sanitizers, those that need them.

function read_faults(    line, name) {
    while (faults != "" && (getline line < faults) > 0) {
        if (line ~ /^[a-z]/) {
            name = line
            sub(":.*", "", name)
            sub("^[^:]*:[ \t]*", "", line)
            allowed[name] = line
            if ((labels == "" || name ~ ("^(" labels ")\\.")) &&
                !(is_plain && line == "needs sanitizers")) {
                awaited[name] = 1
            }
        }
    }
}

# Whether a reason for a skip begins as one of those that are allowed.
function is_allowed(name, reason,    list, count, i) {
    if (!(name in allowed)) {
        return 1
    }
    count = split(allowed[name], list, "; *")
    for (i = 1; i <= count; i++) {
        if (list[i] != "" && index(reason, list[i]) == 1) {
            return 1
        }
    }
    return 0
}

function finish() {
    if (test == "") {
        return
    }
    delete awaited[name]
    if (status == "run") {
        passed++
    } else if (status == "skip" && !is_allowed(name, reason)) {
        failed++
        print "FAILED   " test ": a test of faults may not be skipped: " reason
    } else if (status == "skip") {
        skipped++
        print "skipped  " test ": " (reason == "" ? "no reason given" : reason)
    } else {
        failed++
        print "FAILED   " test
    }
    test = ""
}

BEGIN { read_faults() }
FNR == 1 {
    run = FILENAME
    sub("/tests.xml$", "", run)
    sub(".*/", "", run)
}
/<testcase / {
    name = field("name")
    test = name " (" run ")"
    status = field("status")
    reason = ""
}
/<skipped message="SKIP_RETURN_CODE/ { status = "skip" } # else: not runnable
/SKIP: / {
    if (reason == "") {
        reason = $0
        sub(".*SKIP: ", "", reason)
        sub("</system-out>.*", "", reason)
        gsub("&apos;", "'", reason)
        gsub("&quot;", "\"", reason)
        gsub("&lt;", "<", reason)
        gsub("&gt;", ">", reason)
        gsub("&amp;", "\\&", reason)
    }
}
/<\/testcase>/ { finish() }
END {
    finish()
    for (name in awaited) {
        failed++
        print "FAILED   " name ": a test of faults that did not run"
    }
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0 || passed == 0
}
