package dev.weir.mirror.links;

import java.nio.charset.Charset;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;

/** Every {@code a href} of a page, as a path; its base, which would lead elsewhere, goes. */
final class HtmlLinks implements LinkRewriter {
  @Override
  public byte[] rewrite(byte[] document, Charset charset, InsideLinks links) {
    Document page = Jsoup.parse(new String(document, charset));
    page.outputSettings().charset(charset).prettyPrint(false);
    Element base = page.selectFirst("base[href]");
    InsideLinks from = base == null ? links : links.from(base.attr("href"));
    page.select("base[href]").remove();
    for (Element link : page.select("a[href]")) {
      String href = link.attr("href");
      String inside = from.path(href);
      if (inside != null) {
        link.attr("href", inside);
      } else if (base != null) {
        link.attr("href", from.outside(href));
      }
    }
    return page.outerHtml().getBytes(charset);
  }

  /** Tags, and what stands in them by white space. */
  @Override
  public long nodes(byte[] document) {
    long nodes = 0;
    boolean inTag = false;
    for (byte octet : document) {
      if (octet == '<') {
        inTag = true;
        nodes++;
      } else if (octet == '>') {
        inTag = false;
      } else if (inTag && octet <= ' ' && octet >= 0) {
        nodes++;
      }
    }
    return nodes;
  }
}
