/**
 * Certificates and trust: the interception CA, the leaves minted from it, the engines that show
 * them to clients, and the trust by which origins are verified.
 *
 * <p>Start with {@link dev.weir.tls.CertificateAuthority#open}, {@link
 * dev.weir.tls.InterceptionTls} (towards clients) and {@link dev.weir.tls.UpstreamTrust} (towards
 * origins). Everything here hands out {@code SSLEngine}s or bytes; who moves them is the business
 * of {@code wire}, so nothing here may depend on Pekko, or on any room but {@code http} for how
 * hosts are written. Bouncy Castle builds certificates and reads PEM; its security provider is
 * never registered. {@link dev.weir.tls.NativeCurves} registers one of five services, for Java's
 * own TLS.
 */
@NullMarked
package dev.weir.tls;

import org.jspecify.annotations.NullMarked;
