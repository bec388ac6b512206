import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.StopFilter;
import org.apache.lucene.analysis.TokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.miscellaneous.PerFieldAnalyzerWrapper;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;
import org.apache.lucene.analysis.tokenattributes.TypeAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.queryparser.classic.ParseException;
import org.apache.lucene.queryparser.classic.QueryParser;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.Version;

/**
 * Analyzes texts and finds quoted phrases. Reads commands from standard input, one a line, its parts
 * separated by tabs, every text in Base64 of its UTF-8:
 *
 * <pre>
 * version                                  prints the version of Lucene
 * tokens english TEXT                      prints the tokens by position, _ where a stop word was
 * paper TITLE ABSTRACT COMMENT JOURNAL     adds a paper to the index, and prints nothing
 * find ti PHRASE                           prints the numbers of the papers found, from 0
 * </pre>
 */
public class Lucene {
  /** As Elasticsearch's analyzers "english" and "standard", and "simple" of arXiv's mapping. */
  private static final Analyzer ENGLISH = analyzer(true, true);
  private static final Analyzer STANDARD = analyzer(false, false);
  private static final Analyzer SIMPLE = analyzer(true, false);

  /** Those that arXiv puts a backslash before, in quotes, too. */
  private static final String ESCAPED = "+=><!(){}[]^~:\\/-";

  private final ByteBuffersDirectory directory = new ByteBuffersDirectory();
  private final IndexWriter writer;
  private IndexSearcher searcher;

  private Lucene() throws IOException {
    Analyzer byField =
        new PerFieldAnalyzerWrapper(
            STANDARD,
            Map.of(
                "title.english", ENGLISH,
                "abstract.english", ENGLISH,
                "comments", SIMPLE,
                "journal_ref", SIMPLE));
    // Merges that keep the papers' order.
    writer =
        new IndexWriter(
            directory, new IndexWriterConfig(byField).setMergePolicy(new LogDocMergePolicy()));
  }

  public static void main(String[] arguments) throws Exception {
    Lucene lucene = new Lucene();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] parts = line.split("\t", -1);
      switch (parts[0]) {
        case "version" -> out.println(Version.LATEST);
        case "tokens" -> out.println(tokens(analyzer(parts[1]), text(parts[2])));
        case "paper" -> lucene.add(parts);
        case "find" -> out.println(lucene.find(query(parts[1], text(parts[2]))));
        default -> throw new IllegalArgumentException(parts[0]);
      }
    }
    out.flush();
  }

  private static String text(String base64) throws IOException {
    // Lucene 7.2.1 has Unicode 6.3, for which a narrow no-break space separates words.
    return new String(Base64.getDecoder().decode(base64), "UTF-8").replace('\u202f', ' ');
  }

  private static Analyzer analyzer(String name) {
    return switch (name) {
      case "english" -> ENGLISH;
      case "standard" -> STANDARD;
      case "simple" -> SIMPLE;
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static Analyzer analyzer(boolean withoutStopWords, boolean stemmed) {
    return new Analyzer() {
      @Override
      protected TokenStreamComponents createComponents(String field) {
        Tokenizer source = new StandardTokenizer();
        TokenStream tokens = new WithoutEmoji(source);
        tokens = stemmed ? new EnglishPossessiveFilter(tokens) : tokens;
        tokens = new LowerCaseFilter(tokens);
        if (withoutStopWords) {
          tokens = new StopFilter(tokens, EnglishAnalyzer.ENGLISH_STOP_WORDS_SET);
        }
        return new TokenStreamComponents(source, stemmed ? new PorterStemFilter(tokens) : tokens);
      }
    };
  }

  /** Emoji are tokens since Lucene 8; arXiv's Elasticsearch 6.2.4 has Lucene 7.2.1. */
  private static class WithoutEmoji extends TokenFilter {
    private final TypeAttribute type = addAttribute(TypeAttribute.class);

    WithoutEmoji(TokenStream input) {
      super(input);
    }

    @Override
    public boolean incrementToken() throws IOException {
      while (input.incrementToken()) {
        if (!type.type().equals("<EMOJI>")) {
          return true;
        }
      }
      return false;
    }
  }

  private static String tokens(Analyzer analyzer, String text) throws IOException {
    StringBuilder found = new StringBuilder();
    try (TokenStream tokens = analyzer.tokenStream("", text)) {
      CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
      PositionIncrementAttribute step = tokens.addAttribute(PositionIncrementAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        found.append("_ ".repeat(step.getPositionIncrement() - 1)).append(term).append(' ');
      }
      tokens.end();
      return found.append("_ ".repeat(step.getPositionIncrement())).toString().stripTrailing();
    }
  }

  private void add(String[] parts) throws IOException {
    Document paper = new Document();
    for (String field : new String[] {"title", "title.english"}) {
      paper.add(new TextField(field, text(parts[1]), Field.Store.NO));
    }
    for (String field : new String[] {"abstract", "abstract.english"}) {
      paper.add(new TextField(field, text(parts[2]), Field.Store.NO));
    }
    paper.add(new TextField("comments", text(parts[3]), Field.Store.NO));
    paper.add(new TextField("journal_ref", text(parts[4]), Field.Store.NO));
    writer.addDocument(paper);
  }

  private String find(Query query) throws IOException {
    if (searcher == null) {
      writer.commit();
      searcher = new IndexSearcher(DirectoryReader.open(directory));
    }
    int all = Math.max(1, searcher.getIndexReader().numDocs());
    return Arrays.stream(searcher.search(query, all).scoreDocs)
        .mapToInt(hit -> hit.doc)
        .sorted()
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(" "));
  }

  /** What arXiv makes of a quoted phrase behind a prefix. */
  private static Query query(String prefix, String phrase) throws ParseException {
    return switch (prefix) {
      case "ti" -> either("title.english", ENGLISH, "title", SIMPLE, phrase);
      case "abs" -> either("abstract.english", ENGLISH, "abstract", STANDARD, phrase);
      case "co" -> parsed("comments", SIMPLE, phrase);
      case "jr" -> parsed("journal_ref", SIMPLE, phrase);
      default -> throw new IllegalArgumentException(prefix);
    };
  }

  private static Query either(
      String first, Analyzer ofFirst, String second, Analyzer ofSecond, String phrase)
      throws ParseException {
    return new BooleanQuery.Builder()
        .add(parsed(first, ofFirst, phrase), BooleanClause.Occur.SHOULD)
        .add(parsed(second, ofSecond, phrase), BooleanClause.Occur.SHOULD)
        .build();
  }

  /** Elasticsearch's query_string, which extends this parser. */
  private static Query parsed(String field, Analyzer analyzer, String phrase)
      throws ParseException {
    StringBuilder escaped = new StringBuilder();
    for (char c : ("\"" + phrase + "\"").toCharArray()) {
      escaped.append(ESCAPED.indexOf(c) < 0 ? "" : "\\").append(c);
    }
    QueryParser parser = new QueryParser(field, analyzer);
    parser.setDefaultOperator(QueryParser.Operator.AND);
    return parser.parse(escaped.toString());
  }
}
