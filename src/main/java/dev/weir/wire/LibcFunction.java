package dev.weir.wire;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/**
 * A function of the C library that gives a number, for what the JDK has no other way to do. To link
 * one takes a part of a start: a class that is loaded only where it is called holds it.
 */
public final class LibcFunction {
  private final MethodHandle handle;

  private LibcFunction(MethodHandle handle) {
    this.handle = handle;
  }

  /** Links it by its published shape. */
  @SuppressWarnings("restricted") // nothing checks the shape
  public static LibcFunction of(String name, MemoryLayout result, MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return new LibcFunction(
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments)));
  }

  /** What the function says; below zero where it failed. */
  public long call(Object... arguments) {
    try {
      return ((Number) handle.invokeWithArguments(arguments)).longValue();
    } catch (Throwable impossible) {
      throw new IllegalStateException("a function of libc cannot be called", impossible);
    }
  }
}
