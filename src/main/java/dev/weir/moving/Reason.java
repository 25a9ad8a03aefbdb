package dev.weir.moving;

/** Why a document of the source did not become an entry. The text is a row of the report. */
public enum Reason {
  ALREADY_HERE("something is stored, or was purged, here"),
  MALFORMED("the document cannot be understood"),
  NO_METADATA("a manifest without metadata"),
  UNKNOWN_SCHEME("neither http nor https"),
  URL_CUT("the URL was cut at 512 characters"),
  OTHER_KEY("the URL is not the one its id was made of"),
  SIGNED("a signed URL"),
  AUTHENTICATED("looks as if fetched with credentials"),
  SET_COOKIE("Set-Cookie"),
  PRIVATE("Cache-Control: private"),
  NO_STORE("Cache-Control: no-store"),
  NOT_GET("not fetched by GET"),
  STATUS("a status other than 200"),
  PARTIAL("a part of a body"),
  VARY_ANY("Vary: *"),
  VARY_UNKNOWN("Vary that the document cannot answer"),
  NO_VALIDATOR("no ETag and no Last-Modified to validate it by"),
  RULES("the rules store nothing of it"),
  NEVER_VALIDATED("it would be served without validation"),
  NO_MANIFEST("no manifest"),
  UNKNOWN_MANIFEST("a manifest that cannot be understood"),
  LENGTH_DIFFERS("a length other than the manifest's"),
  CHUNK_MISSING("a chunk is missing"),
  CHUNK_LENGTH("a chunk is short or long"),
  CHUNK_REPEATED("chunks of the same bytes, as a mirror without ranges leaves them"),
  OLDER_BYTES("bytes older than their Last-Modified"),
  SOURCE_FAILED("the source failed", true),
  STORES_FAILED("our stores failed", true);

  private final String text;
  private final boolean passing;

  Reason(String text) {
    this(text, false);
  }

  Reason(String text, boolean passing) {
    this.text = text;
    this.passing = passing;
  }

  public String text() {
    return text;
  }

  /** Whether another run may succeed. */
  public boolean isPassing() {
    return passing;
  }
}
