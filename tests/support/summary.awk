# Sum up ctest's JUnit records: name what failed, say why what was skipped was
# skipped, and end with the line "N passed, N failed, N skipped".

function field(name,    part) {
    part = $0
    if (!sub(".*[ \t]" name "=\"", "", part)) {
        return ""
    }
    sub("\".*", "", part)
    return part
}

function finish() {
    if (test == "") {
        return
    }
    if (status == "run") {
        passed++
    } else if (status == "skip") {
        skipped++
        print "skipped  " test ": " (reason == "" ? "no reason given" : reason)
    } else {
        failed++
        print "FAILED   " test
    }
    test = ""
}

FNR == 1 {
    run = FILENAME
    sub("/tests.xml$", "", run)
    sub(".*/", "", run)
}
/<testcase / {
    test = field("name") " (" run ")"
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
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0 || passed == 0
}
