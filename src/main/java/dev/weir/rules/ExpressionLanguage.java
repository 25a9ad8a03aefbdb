package dev.weir.rules;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.ast.CelReference;
import dev.cel.common.types.CelType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.validator.CelValidator;
import dev.cel.validator.CelValidatorFactory;
import dev.cel.validator.validators.RegexLiteralValidator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The language of rules' expressions, the Common Expression Language: types are checked when a file
 * is read, and what can be said is bounded so that evaluating it is. Loaded with the first
 * expression.
 */
final class ExpressionLanguage {
  /** Longer than people write. */
  private static final int MAX_EXPRESSION_CHARS = 4_000;

  private static final int MAX_NESTING = 50;

  /** Instructions of one regular expression (RE2/J: time linear in the text). */
  private static final int MAX_REGEX_PROGRAM = 2_000;

  static final String RESPONSE = "response.";

  private static final CelType FIELDS = MapType.create(SimpleType.STRING, SimpleType.STRING);

  private static final CelOptions OPTIONS =
      CelOptions.current()
          .maxExpressionCodePointSize(MAX_EXPRESSION_CHARS)
          .maxParseRecursionDepth(MAX_NESTING)
          .maxRegexProgramSize(MAX_REGEX_PROGRAM)
          .build();

  private static final Map<String, CelType> VARIABLES = variables();
  private static final CelCompiler COMPILER = compiler();

  /** By how many rounds all loops of one evaluation may make together: one, but in tests. */
  private static final Map<Integer, CelRuntime> RUNTIMES = new ConcurrentHashMap<>();

  private static final CelValidator VALIDATOR =
      CelValidatorFactory.standardCelValidatorBuilder(COMPILER, runtime(1))
          .addAstValidators(RegexLiteralValidator.INSTANCE)
          .build();

  private ExpressionLanguage() {}

  /**
   * An expression whose types fit.
   *
   * @param asksResponse whether it names a variable of the response
   */
  record Compiled(CelRuntime.Program program, boolean asksResponse) {}

  /**
   * Compiles an expression.
   *
   * @param maxRounds of all loops of one evaluation together
   * @throws IllegalArgumentException for what is none or has another type, with line, column and
   *     reason
   */
  static Compiled compile(String text, int maxRounds, boolean isCondition) {
    try {
      CelValidationResult checked = COMPILER.compile(text);
      if (!checked.hasError()) {
        checked = VALIDATOR.validate(checked.getAst());
      }
      if (checked.hasError()) {
        throw new IllegalArgumentException(problem(checked.getErrors().getFirst()));
      }
      CelAbstractSyntaxTree tree = checked.getAst();
      CelType wanted = isCondition ? SimpleType.BOOL : SimpleType.STRING;
      if (!tree.getResultType().equals(wanted)) {
        throw new IllegalArgumentException(
            "it gives a %s, not a %s".formatted(tree.getResultType().name(), wanted.name()));
      }
      boolean asksResponse =
          tree.getReferenceMap().values().stream()
              .map(CelReference::name)
              .anyMatch(name -> name.startsWith(RESPONSE));
      CelRuntime runtime = RUNTIMES.computeIfAbsent(maxRounds, ExpressionLanguage::runtime);
      return new Compiled(runtime.createProgram(tree), asksResponse);
    } catch (CelValidationException | CelEvaluationException bad) {
      throw new IllegalArgumentException(String.valueOf(bad.getMessage()), bad);
    }
  }

  private static String problem(CelIssue issue) {
    String message = issue.getMessage().replaceAll("\\s+", " ");
    int candidates = message.indexOf(" (candidates:");
    String said = candidates < 0 ? message : message.substring(0, candidates);
    return "%d:%d: %s%s"
        .formatted(
            issue.getSourceLocation().getLine(),
            issue.getSourceLocation().getColumn() + 1,
            said.replace(" (in container '')", ""),
            message.contains("undeclared reference to")
                ? "; there are "
                    + VARIABLES.keySet().stream().sorted().collect(Collectors.joining(", "))
                : "");
  }

  /** Each is a variable of its own, so that a misspelt one is found when the file is read. */
  private static Map<String, CelType> variables() {
    Map<String, CelType> variables = new LinkedHashMap<>();
    for (String text : new String[] {"method", "scheme", "host", "path", "query", "url"}) {
      variables.put("request." + text, SimpleType.STRING);
    }
    variables.put("request.port", SimpleType.INT);
    variables.put("request.headers", FIELDS);
    variables.put("client.address", SimpleType.STRING);
    variables.put("client.listener", SimpleType.INT);
    variables.put(RESPONSE + "status", SimpleType.INT);
    variables.put(RESPONSE + "headers", FIELDS);
    return variables;
  }

  private static CelRuntime runtime(int maxRounds) {
    return CelRuntimeFactory.standardCelRuntimeBuilder()
        .setOptions(OPTIONS.toBuilder().comprehensionMaxIterations(maxRounds).build())
        .addLibraries(CelExtensions.strings())
        .build();
  }

  private static CelCompiler compiler() {
    CelCompilerBuilder builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addLibraries(CelExtensions.strings());
    VARIABLES.forEach(builder::addVar);
    return builder.build();
  }
}
