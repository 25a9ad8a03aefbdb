package dev.weir.cli;

import java.io.PrintWriter;
import picocli.CommandLine.ParseResult;

/** What a sub-command does; the result is the exit code. */
@FunctionalInterface
interface Command {
  int run(ParseResult parsed, PrintWriter out) throws Exception;
}
