#!/usr/bin/env bash
# Records of arXiv's OAI-PMH interface in its own format (metadataPrefix=arXiv), in harvesters for Python.
#
# Guess: an author's <keyname>, <forenames> and <suffix> stay together, and the text of a record stays as it
#     is.
# What happens: Sickle, oaipmh-scythe and kongin put the parts of all authors in one list for each element.
#     An author without forenames, as a collaboration, moves those of all that follow to the author before
#     and whose the suffix is cannot be known; the record's XML has to be read anew. arxivscraper keeps
#     authors apart, but makes everything lower case, formulas included: $\Delta$ and $\delta$ become one, and
#     so do $N$ and $n$; and without forenames the given name is "n/a".
# Versions: Sickle 0.7.0, oaipmh-scythe 0.16.0, kongin 0.4.0, arxivscraper 0.0.6.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    sickle==0.7.0 oaipmh-scythe==0.16.0 kongin==0.4.0 arxivscraper==0.0.6

cat >records.py <<'PY'
import xml.etree.ElementTree as ET

import oaipmh_scythe.models
import sickle.models
from arxivscraper.arxivscraper import Record
from kongin.parser import OAIParser
from lxml import etree

RECORD = r"""
<record xmlns="http://www.openarchives.org/OAI/2.0/">
  <header><identifier>oai:arXiv.org:2613.00001</identifier><datestamp>2026-11-20</datestamp></header>
  <metadata>
    <arXiv xmlns="http://arxiv.org/OAI/arXiv/">
      <id>2613.00001</id>
      <authors>
        <author><keyname>The X Collaboration</keyname></author>
        <author><keyname>Sample</keyname><forenames>Ana</forenames></author>
        <author><keyname>Other</keyname><forenames>Bo</forenames><suffix>III</suffix></author>
      </authors>
      <title>From $\Delta$ to $\delta$ for $n &lt; N$</title>
    </arXiv>
  </metadata>
</record>"""
RESPONSE = f"""
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
  <responseDate>2026-11-20T00:00:00Z</responseDate>
  <request verb="ListRecords">https://oaipmh.arxiv.org/oai</request>
  <ListRecords>{RECORD}</ListRecords>
</OAI-PMH>"""

(parsed,) = OAIParser().parse_records(RESPONSE)
records = {
    "Sickle": sickle.models.Record(etree.fromstring(RECORD)).metadata,
    "oaipmh-scythe": oaipmh_scythe.models.Record(etree.fromstring(RECORD)).metadata,
    "kongin": dict(parsed.metadata.items()),
}
for name, record in records.items():
    print(f"{name}: keyname {record['keyname']}, forenames {record['forenames']}, suffix {record['suffix']}")
record = Record(ET.fromstring(RECORD).find(".//{http://arxiv.org/OAI/arXiv/}arXiv")).output()
print("arxivscraper:", record["authors"], record["title"])
PY
venv/bin/python -W ignore records.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
Sickle: keyname ['The X Collaboration', 'Sample', 'Other'], forenames ['Ana', 'Bo'], suffix ['III']
oaipmh-scythe: keyname ['The X Collaboration', 'Sample', 'Other'], forenames ['Ana', 'Bo'], suffix ['III']
kongin: keyname ['The X Collaboration', 'Sample', 'Other'], forenames ['Ana', 'Bo'], suffix ['III']
arxivscraper: ['n/a the x collaboration', 'ana sample', 'bo other'] from $\delta$ to $\delta$ for $n < n$
EXPECTED
