# The ten tests of ctest's JUnit records that took longest (with junit.awk).

FNR == 1 {
    run = FILENAME
    sub("/tests.xml$", "", run)
}
/<testcase / {
    test[++tests] = field("name") " (" run ")"
    seconds[tests] = field("time") + 0
}
END {
    for (rank = 1; rank <= 10 && rank <= tests; rank++) {
        longest = 1
        for (i = 2; i <= tests; i++) {
            if (seconds[i] > seconds[longest]) {
                longest = i
            }
        }
        printf "%6.1f s  %s\n", seconds[longest], test[longest]
        seconds[longest] = -1
    }
}
