// Scrapes with gzip of the series of an exposition, by client_golang. Prints seconds of CPU of each.
package main

import (
	"bufio"
	"fmt"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func cpu() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	seconds := func(time syscall.Timeval) float64 { return float64(time.Sec) + float64(time.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	registry := prometheus.NewRegistry()
	families := map[string]*prometheus.GaugeVec{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		space := strings.LastIndexByte(line, ' ')
		series, sent := line[:space], line[space+1:]
		value, err := strconv.ParseFloat(sent, 64)
		if err != nil {
			panic(err)
		}
		open := strings.IndexByte(series, '{')
		labels := prometheus.Labels{}
		name := series
		if open >= 0 {
			name = series[:open]
			for _, label := range strings.Split(strings.TrimSuffix(series[open+1:], "\"}"), "\",") {
				key, value, _ := strings.Cut(label, "=\"")
				labels[key] = value
			}
		}
		family, known := families[name]
		if !known {
			names := make([]string, 0, len(labels))
			for label := range labels {
				names = append(names, label)
			}
			family = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "What it is."}, names)
			registry.MustRegister(family)
			families[name] = family
		}
		family.With(labels).Set(value)
	}
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	for turn := 0; turn < 3; turn++ {
		request := httptest.NewRequest("GET", "/metrics", nil)
		request.Header.Set("Accept-Encoding", "gzip")
		answer := httptest.NewRecorder()
		before := cpu()
		handler.ServeHTTP(answer, request)
		if answer.Code != 200 || answer.Body.Len() == 0 {
			panic(answer.Code)
		}
		fmt.Println(cpu() - before)
	}
}
