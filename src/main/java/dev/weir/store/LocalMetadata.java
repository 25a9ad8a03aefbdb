package dev.weir.store;

/** A metadata store of this process alone, which can be walked through at start-up. */
interface LocalMetadata extends MetadataStore {
  /**
   * Calls the visitor with every document, in the caller's thread, which blocks. Documents that
   * cannot be decoded are removed: nothing else could ever overwrite them.
   *
   * @return how many were removed
   */
  int forEach(Visitor visitor);

  /** Receives documents. */
  @FunctionalInterface
  interface Visitor {
    /**
     * One document.
     *
     * @param lastAccessMillis the last noted use, or 0
     */
    void visit(Versioned document, long lastAccessMillis);
  }
}
