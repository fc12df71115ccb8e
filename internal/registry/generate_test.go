package registry

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"aditus/internal/identifier"
)

// header is the sample register's.
const header = "NUM_ISCRIZIONE;CODICE_FISCALE;COGNOME;NOME;SESSO;DATA_NASCITA;COMUNE_NASCITA;PROV_NASCITA;COD_CATASTALE;INDIRIZZO;CAP;COMUNE;PROV;NAZIONE;EMAIL;CELLULARE;TELEFONO;DATA_ADESIONE;TIPO_ADESIONE;STATO;COD_AZIENDA;RAGIONE_SOCIALE;COMPARTO;INVIO_COMUNICAZIONI;CF_RAPPRESENTANTE;DATA_DECESSO;DATA_AGGIORNAMENTO"

// a sample is one sound row by column, to damage.
type sample map[string]string

// sound is a row without an issue.
func sound() sample {
	return sample{
		"NUM_ISCRIZIONE": "00900001", "CODICE_FISCALE": "VLDDNL97A25E289O", "COGNOME": "Valdesini", "NOME": "Daniele", "SESSO": "M",
		"DATA_NASCITA": "25/01/1997", "COMUNE_NASCITA": "IMOLA", "PROV_NASCITA": "BO", "COD_CATASTALE": "E289",
		"INDIRIZZO": "Via San Fittizio, 174", "CAP": "01033", "COMUNE": "Civita Castellana", "PROV": "VT", "NAZIONE": "IT",
		"EMAIL": "daniele.valdesini@example.org", "CELLULARE": "3007029455", "DATA_ADESIONE": "19/07/2023", "TIPO_ADESIONE": "ESPLICITA",
		"STATO": "ATTIVO", "COD_AZIENDA": "A1003", "RAGIONE_SOCIALE": "Smalteria Esempio & Figli S.r.l.", "COMPARTO": "BILANCIATO",
		"INVIO_COMUNICAZIONI": "MAIL", "DATA_AGGIORNAMENTO": "29/05/2024",
	}
}

// other is a second person, who shares nothing with the first.
func other() sample {
	return sound().with("NUM_ISCRIZIONE", "00900004", "CODICE_FISCALE", "CNTPTR60M18I462D", "COGNOME", "Cantori", "NOME", "Pietro",
		"DATA_NASCITA", "18/08/1960", "EMAIL", "pietro.cantori@example.com", "CELLULARE", "3007029456")
}

// with is the row with columns changed, given as name and value in turn.
func (s sample) with(changes ...string) sample {
	for i := 0; i < len(changes); i += 2 {
		s[changes[i]] = changes[i+1]
	}
	return s
}

// row writes the row in the header's order.
func (s sample) row() string {
	var cells []string
	for _, column := range strings.Split(header, ";") {
		cell := s[column]
		if strings.ContainsAny(cell, ";\"\n") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		cells = append(cells, cell)
	}
	return strings.Join(cells, ";")
}

// file writes rows below the header. They are given in Windows-1252 already.
func file(rows ...string) []byte {
	return []byte(header + "\r\n" + strings.Join(rows, "\r\n") + "\r\n")
}

// generate writes a register of n different people, as clean as the sample's.
func generate(w io.Writer, n int, r *rand.Rand) {
	surnames := []string{"Valdesini", "Cantori", "Fabbronati", "Tassallo", "Delelletti", "Quartesini", "Sgarbasco", "D'Oltremare", "Lo Prestano", "Della Querzola", "Scir\xe8", "Nizzarotti"}
	names := []string{"Daniele", "Pietro", "Tommaso", "Federico", "Raffaele", "Nicol\xf2", "Zo\xe9", "Giorgio Antonio", "Ugo", "Ermes"}
	io.WriteString(w, header+"\r\n")
	for i := range n {
		surname, name := surnames[r.IntN(len(surnames))], names[r.IntN(len(names))]
		year, month, day := 1945+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28)
		place := fmt.Sprintf("%c%03d", 'A'+r.IntN(13), 1+r.IntN(998))
		code := taxCode(surname, name, year, month, day, place)
		email, mobile := fmt.Sprintf("membro.%d@example.org", i), fmt.Sprintf("300%07d", i)
		switch r.IntN(10) {
		case 0, 1:
			email = ""
		case 2, 3:
			mobile = ""
		case 4, 5, 6:
			mobile = "+39" + mobile
		}
		fmt.Fprintf(w, "%08d;%s;%s;%s;M;%02d/%02d/%d;SASSUOLO;MO;%s;Via San Fittizio, %d;41049;Sassuolo;MO;IT;%s;%s;;19/07/2015;ESPLICITA;ATTIVO;A1003;Smalteria Esempio & Figli S.r.l.;BILANCIATO;MAIL;;;29/05/2024\r\n",
			1_000_000+i, code, surname, name, day, month, year, place, 1+r.IntN(200), email, mobile)
	}
}

// taxCode makes a man's code; names are in Windows-1252.
func taxCode(surname, name string, year, month, day int, place string) string {
	code := fmt.Sprintf("%s%s%02d%c%02d%s", letters(surname, false), letters(name, true), year%100, "ABCDEHLMPRST"[month-1], day, place)
	for c := 'A'; c <= 'Z'; c++ {
		if whole, err := identifier.TaxCode(code + string(c)); err == nil {
			return whole
		}
	}
	panic("no check letter for " + code)
}

// letters are the three letters of a name in a tax code.
func letters(name string, given bool) string {
	d := decoder{}
	folded := identifier.FoldName(d.decode(row{fields: [][]byte{[]byte(name)}}, 0).fields[0])
	var consonants, vowels string
	for _, c := range folded {
		if strings.ContainsRune("AEIOU", c) {
			vowels += string(c)
		} else {
			consonants += string(c)
		}
	}
	if given && len(consonants) > 3 {
		return consonants[:1] + consonants[2:4]
	}
	return (consonants + vowels + "XXX")[:3]
}

func BenchmarkAnalyse(b *testing.B) {
	const n = 200_000
	var buf bytes.Buffer
	generate(&buf, n, rand.New(rand.NewPCG(1, 2)))
	p := aurora(b)
	b.SetBytes(int64(buf.Len()))
	b.ReportAllocs()
	for b.Loop() {
		a, err := Analyse(b.Context(), bytes.NewReader(buf.Bytes()), int64(buf.Len()), p, exported)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range a.Results(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
		if a.Totals[Accept] != n {
			b.Fatalf("totals %v", a.Totals)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
