package dev.weir.mirror.links;

import java.io.IOException;
import java.nio.charset.Charset;

/** Rewrites the links of documents of one format. Thread-safe; runs as long as the document is. */
@FunctionalInterface
interface LinkRewriter {
  /**
   * The document with its links leading inside.
   *
   * @param charset of a text that says nothing of it itself
   * @throws IOException if it is not of that format
   */
  byte[] rewrite(byte[] document, Charset charset, InsideLinks links) throws IOException;

  /**
   * How many nodes its tree gets, at least about; 0 where it is read as a stream. They take far
   * more memory than the text of a document that means no good.
   */
  default long nodes(byte[] document) {
    return 0;
  }

  static LinkRewriter of(IndexForm form) {
    return switch (form) {
      case SIMPLE_HTML, HTML -> new HtmlLinks();
      case SIMPLE_JSON -> new JsonLinks(JsonLinks.SIMPLE);
      case NPM -> new JsonLinks(JsonLinks.NPM);
      case COMPOSER -> new JsonLinks(JsonLinks.COMPOSER);
      case HELM -> new YamlLinks();
      case JSON -> new JsonLinks(JsonLinks.EVERY_URL);
      case TEXT -> new TextLinks();
    };
  }
}
