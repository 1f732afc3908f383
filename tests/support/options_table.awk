# The options of mlp_train as Markdown, from the program's output:
#
#     mlp_train --help all | awk -f tests/support/options_table.awk
#
# An entry of --help has its name in the first columns, its help in the others,
# and its default in brackets at the end.

function cell(text) {
    gsub(/\|/, "\\|", text)
    return text
}

# Print the entry that is read.
function finish_entry(    value) {
    if (name == "") {
        return
    }
    value = ""
    if (match(help, / \[[^][]*\]$/)) {
        value = "`" substr(help, RSTART + 2, RLENGTH - 3) "`"
        help = substr(help, 1, RSTART - 1)
    }
    if (has_defaults) {
        printf "| `%s` | %s | %s |\n", cell(name), cell(help), cell(value)
    } else {
        printf "| `%s` | %s |\n", cell(name), cell(help)
    }
    name = help = ""
}

function begin_section(title) {
    finish_entry()
    printf "\n## %s\n\n", title
    has_defaults = title != "Presets" && title != "Other"
    if (has_defaults) {
        print "| option | meaning | default |\n|---|---|---|"
    } else if (title == "Presets") {
        print "| preset | what it is |\n|---|---|"
    } else {
        print "| option | meaning |\n|---|---|"
    }
}

BEGIN {
    column = 26 # where the help of an entry begins
    print "# Options of mlp_train\n"
    print "Made from the program's own table (src/config/config.c): change it" \
        " there, then\n\n" \
        "    build/mlp_train --help all | awk -f tests/support/options_table.awk" \
        " >src/config/OPTIONS.md\n"
    print "Every option is also a key of a `--config FILE` of lines" \
        " `name = value`; the command line\nwins over the file, and the file" \
        " over a preset. A switch is turned off by `--no-NAME`. Of\nan option" \
        " given twice the last one counts. No default stands where nothing is" \
        " set.\nWhat the values mean at length: [README.md](README.md)."
}

/^[A-Z][a-z]*:$/ {
    is_text = /^(Exit|Environment|Examples)/
    if (!is_text) {
        begin_section(substr($0, 1, length($0) - 1))
    }
    is_inside = !is_text
    next
}
/^[^ ]/ { # "Exit codes:" and other text
    finish_entry()
    is_inside = 0
}
!is_inside || /^$/ { next }
/^  [^ ]/ {
    finish_entry()
    name = $0
    if (length($0) > column && substr($0, column, 1) == " ") {
        name = substr($0, 1, column)
        help = substr($0, column + 1)
    }
    sub(/^ +/, "", name)
    sub(/ +$/, "", name)
    next
}
{
    sub(/^ +/, "")
    help = help (help == "" ? "" : " ") $0
}

END { finish_entry() }
