/**
 * What is said of each exchange: its one line in the process log, the reasons it may name, and the
 * counters behind them. Entry types: {@link dev.weir.log.ExchangeLog} for those who report, {@link
 * dev.weir.log.ProcessLog} for the command that starts the process. Depends on nothing of Weir: the
 * rooms it describes depend on it.
 */
@NullMarked
package dev.weir.log;

import org.jspecify.annotations.NullMarked;
