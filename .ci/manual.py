#!/usr/bin/env python3
"""Makes the manual page out of what the argument parser says of itself and of .ci/portico.1.in.

manual.py VERSION HELP.json FOLDER: portico.1, and a page for each command that leads to it.
"""

import datetime
import json
import os
import re
import sys
import textwrap


def escaped(text):
    """As roff wants it: nothing in the text is a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    text = text.replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def prose(text):
    """A paragraph, with each sentence on a line of its own, since roff sets those apart."""
    sentences = re.sub(r"(?<=[.;:]) +(?=[A-Z-])", "\n", text.strip()).split("\n")
    wrapped = [line for sentence in sentences for line in textwrap.wrap(sentence, 64)]
    return escaped("\n".join(wrapped))


def named(argument):
    value = "\\fI%s\\fR" % escaped(argument.get("valueName", ""))
    if argument["kind"] == "positional":
        return value + (" ..." if argument["isRepeating"] else "")
    dashes = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    names = ", ".join(
        "\\fB%s\\fR" % escaped(dashes[name["kind"]] + name["name"]) for name in argument["names"]
    )
    return names if argument["kind"] == "flag" else names + " " + value


def described(argument):
    text = argument.get("abstract", "")
    default = argument.get("defaultValue")
    if default is not None and "(default:" not in text and argument["kind"] == "option":
        text += " (default: %s)" % default
    return prose(text or "")


def shown(items):
    return [item for item in items or [] if item.get("shouldDisplay", True)]


def is_everywhere(argument):
    return any(name["name"] in ("help", "version") for name in argument.get("names", []))


def synopsis(command, path):
    words = ["\\fB%s\\fR" % escaped(path)]
    options = [a for a in shown(command.get("arguments")) if not is_everywhere(a)]
    if any(a["kind"] != "positional" and a["isOptional"] for a in options):
        words.append("[\\fIoptions\\fR]")
    for argument in options:
        if argument["kind"] == "positional" or not argument["isOptional"]:
            word = named(argument)
            if argument["parsingStrategy"] == "postTerminator":
                word = "\\fB\\-\\-\\fR " + word
            words.append("[%s]" % word if argument["isOptional"] else word)
    return " ".join(words)


def command_section(command, path):
    lines = [".SS %s" % synopsis(command, path), prose(command.get("abstract", ""))]
    if command.get("discussion"):
        lines += [".PP", prose(command["discussion"])]
    title = None
    arguments = [a for a in shown(command.get("arguments")) if not is_everywhere(a)]
    # Those of no group first: behind a group's title they would seem to belong to it.
    for argument in sorted(arguments, key=lambda a: a.get("sectionTitle") is not None):
        section = argument.get("sectionTitle")
        if section != title:
            title = section
            lines += [".PP", "%s:" % escaped(title)]
        lines += [".TP", named(argument), described(argument)]
    return "\n".join(lines)


def main():
    version, source, folder = sys.argv[1:4]
    with open(source, encoding="utf-8") as file:
        root = json.load(file)["command"]
    commands = [c for c in shown(root["subcommands"]) if c["commandName"] != "help"]
    general = [a for a in shown(root["arguments"])]
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    utc = datetime.timezone.utc
    day = datetime.datetime.fromtimestamp(int(seconds), utc) if seconds else None
    parts = {
        "VERSION": escaped(version),
        "DATE": (day or datetime.datetime.now(utc)).strftime("%Y-%m-%d"),
        "ABSTRACT": escaped(root["abstract"][:1].lower() + root["abstract"][1:].rstrip(".")),
        "SYNOPSIS": "\n.br\n".join(
            synopsis(c, "portico " + c["commandName"]) for c in commands
        ),
        "DISCUSSION": prose(root["discussion"]),
        "OPTIONS": "\n".join(
            "\n".join([".TP", named(a), described(a)]) for a in general
        ),
        "COMMANDS": "\n".join(
            command_section(c, "portico " + c["commandName"]) for c in commands
        ),
    }
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "portico.1.in"), encoding="utf-8") as file:
        page = file.read()
    page = re.sub(r"@([A-Z]+)@", lambda match: parts[match.group(1)], page)
    with open(os.path.join(folder, "portico.1"), "w", encoding="utf-8") as file:
        file.write(page)
    for command in commands:
        path = os.path.join(folder, "portico-%s.1" % command["commandName"])
        with open(path, "w", encoding="utf-8") as file:
            file.write(".so man1/portico.1\n")


main()
